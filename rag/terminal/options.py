"""Options that several commands take, and how the help says things in Chinese and English."""

from typing import Annotated

import typer

from rag.errors import interface_language


def help_text(zh: str, en: str) -> str:
    return zh if interface_language() == "zh" else en


def typed_text(text: str) -> str:
    """Text of an argument: bytes that Python could not read are tried as what Chinese terminals send."""
    from rag.questions.inputs import typed

    return typed(text)


Index = Annotated[
    str | None,
    typer.Option(
        "--index",
        help=help_text("索引文件夹；不给则用内置示例文档。", "Index folder; without it the sample documents."),
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help=help_text("输出 JSON。", "Print JSON."))]
Embedder = Annotated[
    str | None,
    typer.Option(
        "--embedder",
        help=help_text("嵌入模型：default、名称、路径或端点。", "Embedder: default, a name, a path or an endpoint."),
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help=help_text(
            "语言模型：auto、local、extractive、GGUF 文件或端点 URL#模型。",
            "Language model: auto, local, extractive, a GGUF file or an endpoint URL#model.",
        ),
    ),
]
After = Annotated[
    str | None,
    typer.Option(
        "--after",
        help=help_text("只看此日及以后的文档（2023、2023-04、2023-04-21）。", "Only documents of this day or later."),
    ),
]
Before = Annotated[
    str | None,
    typer.Option("--before", help=help_text("只看此日及以前的文档。", "Only documents of this day or earlier.")),
]
Speaker = Annotated[
    str | None,
    typer.Option(
        "--speaker",
        parser=typed_text,
        metavar="TEXT",
        help=help_text("只看此人说的话。", "Only what this person says."),
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        "--source",
        parser=typed_text,
        metavar="TEXT",
        help=help_text("只看此来源的文档。", "Only documents of this source."),
    ),
]
Strict = Annotated[
    bool | None,
    typer.Option(
        "--strict/--marked",
        help=help_text("未能证实的句子：略去，还是标出。", "Claims that are not borne out: left out, or marked."),
        show_default=False,
    ),
]

Port = Annotated[
    int,
    typer.Option(
        "--port", min=0, max=65535, help=help_text("端口；0 为任一空闲端口。", "Port; 0 for any that is free.")
    ),
]
Host = Annotated[
    str,
    typer.Option(
        "--host",
        help=help_text(
            "监听的地址；0.0.0.0 则别的机器也能访问。", "Address to listen on; 0.0.0.0 lets other machines in."
        ),
    ),
]
Auth = Annotated[
    list[str] | None,
    typer.Option(
        "--auth",
        help=help_text(
            "用户名:密码，可重复；也可用环境变量 YOUJU_AUTH。", "user:password, repeatable; or the variable YOUJU_AUTH."
        ),
        show_default=False,
    ),
]
AllowHost = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        help=help_text(
            "还接受的主机名（如代理的域名），可重复。", "Another host name to answer to (a proxy's), repeatable."
        ),
        show_default=False,
    ),
]
AllowEndpoints = Annotated[
    bool,
    typer.Option(
        "--allow-endpoints",
        help=help_text(
            "对他人开放时，也让来访者在设置里填写模型服务的网址。",
            "Let visitors name endpoints under Settings although others can reach the server.",
        ),
    ),
]
LogQuestions = Annotated[
    bool,
    typer.Option(
        "--log-questions", help=help_text("把问题记入日志（默认从不）。", "Log questions (never, by default).")
    ),
]
Metrics = Annotated[
    bool,
    typer.Option(
        "--metrics",
        help=help_text(
            "在 /metrics 提供计数，供 Prometheus 读取。", "Give counts at /metrics, for Prometheus to read."
        ),
    ),
]
