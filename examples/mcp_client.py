"""An MCP client of `youju serve`: the tools that there are, and an answer with the quotes that it rests on.

    youju serve --index my-index &
    python examples/mcp_client.py http://127.0.0.1:7860 "市图书馆周几闭馆？"

The package ``mcp`` comes with ``pip install 'youju[ui]'``.
"""

import asyncio
import json
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent


async def ask(server: str, question: str, model: str = "auto") -> None:
    """Prints the names of the tools, the answer and its quotes."""
    async with (
        streamable_http_client(f"{server}/gradio_api/mcp/") as (reading, writing, _),
        ClientSession(reading, writing) as session,
    ):
        await session.initialize()
        print(", ".join(tool.name for tool in (await session.list_tools()).tools))
        result = await session.call_tool("ask", {"question": question, "model": model})
    (content,) = result.content
    if result.isError or not isinstance(content, TextContent):
        raise SystemExit(f"refused: {content}")
    answer = json.loads(content.text)
    print(answer["text"])
    for citation in answer["citations"]:
        print(citation["title"], citation["start"], citation["end"], citation["quote"])


if __name__ == "__main__":
    asyncio.run(ask(*sys.argv[1:]))
