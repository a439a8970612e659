"""The teacher's prompts, one Markdown file per role; `toolweave.agent.endpoint.prompts` reads them."""
