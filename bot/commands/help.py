"""/help: what can I type? Written from the list of commands."""

from collections.abc import Sequence

from bot.commands.types import Command, Desk, Reply, Request, Usage
from bot.locale import Sentence, Words
from bot.render import Button, Html, bold, code, escape, joined


def help_with(commands: Sequence[Command]) -> Command:
    """The command that explains these commands, and itself."""

    async def answer(request: Request, _desk: Desk) -> Reply:
        shown = [command for command in commands if request.operator or not command.operators_only]
        parts = [_explained(command, request.say) for command in shown]
        return Reply(
            html=joined("\n\n", *parts),
            buttons=((Button(request.say("Latest news"), command="latest 5"),),),
        )

    return Command(
        name="help",
        answer=answer,
        summary="All commands",
        usage=(Usage("help", "all commands and what to type behind them"),),
    )


def _explained(command: Command, say: Words) -> Html:
    title = bold(escape(say(command.summary)))
    lines = (Html(f"{_example(usage.example)} {escape(say(usage.meaning))}") for usage in command.usage)
    return joined("\n", title, *lines)


def _example(typed: str) -> Html:
    """A bare command can be tapped; what needs words behind it can be copied."""
    return escape(Sentence(f"/{typed}")) if " " not in typed else code(f"/{typed}")
