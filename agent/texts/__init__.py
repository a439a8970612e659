"""Reading procedures out of manuals, runbooks and FAQs, and finding the tools that their steps mean."""
