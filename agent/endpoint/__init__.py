"""The teacher behind any OpenAI-compatible endpoint.

teacher    the roles over one endpoint                  render    asks → delimited, untrusted data
client     one completion: attempts, deadline, pacing   replies   completions → validated replies
dialect    what this endpoint accepts                   failures  what went wrong, and whether to try again
"""
