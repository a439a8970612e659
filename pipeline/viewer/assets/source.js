// Where the data comes from: the server of `toolweave view`, or what a report file carries with it.

async function asked(path, options) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error((await answer.text()) || `The server answered ${answer.status}.`);
  return answer.json();
}

const SERVER = {
  live: true,
  changes: (known) => asked(`api/changes?${new URLSearchParams(known)}`),
  sample: (id) => asked(`api/samples/${encodeURIComponent(id)}`),
  message: (id, at, page) => asked(`api/samples/${encodeURIComponent(id)}/messages/${at}?page=${page}`),
  lost: (index) => asked(`api/rejected/${index}`),
  graph: () => asked("api/graph"),
  figures: () => asked("api/figures"),
  label: (id, label) =>
    asked(`api/samples/${encodeURIComponent(id)}/label`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ label }),
    }),
};

async function found(value) {
  if (value === undefined) throw new Error("This report does not carry that; it is in the run.");
  return value;
}

function carried(data) {
  return {
    live: false,
    changes: async () => data.changes,
    sample: (id) => found(data.details[id]),
    message: () => found(undefined),
    lost: (index) => found(data.lost[index]),
    graph: async () => data.graph,
    figures: async () => data.figures,
  };
}

export function openSource() {
  const data = document.getElementById("data");
  return data ? carried(JSON.parse(data.textContent)) : SERVER;
}
