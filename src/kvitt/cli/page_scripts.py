"""`kvitt page-scripts`."""

from __future__ import annotations

import typer

from kvitt.cli.common import JsonFlag


def page_scripts(as_json: JsonFlag = False) -> None:
    """List the scripts of the payment page: purpose, size and digest of each. See docs/page-scripts.md."""
    import msgspec

    from kvitt.hosted.inventory import document, scripts

    typer.echo(msgspec.json.format(msgspec.json.encode(scripts())).decode() if as_json else document(), nl=as_json)
