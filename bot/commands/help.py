"""/help: every command and how to type it, generated from the list of commands."""

from collections.abc import Sequence

from bot.commands.types import Command, CommandContext, Reply, Request, Usage
from bot.locale import SafeText, Translator
from bot.render import Button, Html, bold, code, escape, join_html


def help_command(commands: Sequence[Command]) -> Command:
    """The /help command for these commands; operators' commands are explained to operators only."""

    async def answer_help(request: Request, _context: CommandContext) -> Reply:
        shown = [command for command in commands if request.operator or not command.operators_only]
        parts = [_explain_command(command, request.say) for command in shown]
        return Reply(
            html=join_html("\n\n", *parts),
            buttons=((Button(request.say("Latest news"), command="latest 5"),),),
        )

    return Command(
        name="help",
        answer=answer_help,
        summary="All commands",
        usage=(Usage("help", "all commands and what to type after them"),),
    )


def _explain_command(command: Command, say: Translator) -> Html:
    title = bold(escape(say(command.summary)))
    lines = (Html(f"{_usage_example(usage.example)} {escape(say(usage.meaning))}") for usage in command.usage)
    return join_html("\n", title, *lines)


def _usage_example(typed: str) -> Html:
    """A bare command can be tapped; one with words after it is code, which a tap copies."""
    return escape(SafeText(f"/{typed}")) if " " not in typed else code(f"/{typed}")
