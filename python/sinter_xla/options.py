"""The options of the command line."""

import argparse
from collections.abc import Callable, Sequence
from typing import TypeVar

from .errors import OptionError

T = TypeVar("T", int, float)

_DATA = """Arrays by the names of inputs, rows along the first dimension: .safetensors and .npz files, and NAME=FILE for one
input, with a .npy file or one of IDX (MNIST's format), compressed by gzip or not."""


def parsed(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The options that were given; argparse itself says what is wrong with them, and ends the process."""
    parser = argparse.ArgumentParser(
        prog="python -m sinter_xla",
        description="Trains models that Sinter exported as StableHLO, by XLA, on many devices.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    info = commands.add_parser("info", help="what an artifact holds, and which devices there are")
    _common(info)
    train = commands.add_parser("train", help="train, and write checkpoints that session.load goes on from")
    _common(train)
    _running(train, entry="train")
    train.add_argument(
        "--epochs", type=_count, help="epochs in all, those that a checkpoint has done included"
    )
    train.add_argument("--steps", type=_count, help="steps from here on; without either one epoch more")
    train.add_argument(
        "--seed", type=_seed, help="of the order of rows; that of the artifact, or of the checkpoint"
    )
    train.add_argument("--no-shuffle", action="store_true", help="read rows in order")
    train.add_argument(
        "--checkpoint", metavar="FILE", help="where to write a checkpoint, at the end and when interrupted"
    )
    train.add_argument(
        "--checkpoint-every", type=_count, metavar="STEPS", help="write one every so many steps, too"
    )
    train.add_argument("--log-every", type=_count, metavar="STEPS", help="write a line every so many steps")
    evaluate = commands.add_parser(
        "evaluate", help="run an entry over all rows, and say what its outputs come to"
    )
    _common(evaluate)
    _running(evaluate, entry="predict")
    evaluate.add_argument(
        "--out", metavar="FILE", help="a .npz or .safetensors file for the outputs that are not scalars"
    )
    return parser.parse_args(argv)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "artifact", metavar="DIR", help="the folder that `sinter export --format stablehlo` wrote"
    )
    parser.add_argument(
        "--mesh",
        nargs="+",
        default=[],
        metavar="AXIS=N",
        help="sizes of axes, in place of those of the artifact; of one that declares no mesh the one axis for its rows",
    )
    parser.add_argument(
        "--coordinator", metavar="HOST:PORT", help="of several processes: where the first one listens"
    )
    parser.add_argument("--processes", type=_count, metavar="N", help="how many processes there are")
    parser.add_argument("--process", type=_seed, metavar="K", help="which of them this is, from 0")


def _running(parser: argparse.ArgumentParser, entry: str) -> None:
    parser.add_argument("--data", nargs="+", default=[], metavar="FILE", help=_DATA)
    parser.add_argument("--entry", default=entry, help=f"{entry} by default")
    parser.add_argument(
        "--resume", metavar="FILE", help="states of a checkpoint, of this package or of session.save"
    )
    parser.add_argument(
        "--set", nargs="+", default=[], metavar="NAME=VALUE", help="run-time scalars, as learningRate=0.1"
    )
    parser.add_argument(
        "--size",
        nargs="+",
        default=[],
        metavar="NAME=N",
        help="rows of a batch, where fewer than it can have",
    )


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None


def _count(text: str) -> int:
    value = _whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _seed(text: str) -> int:
    value = _whole(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError("must be from 0 to 4294967295")
    return value


def named(
    option: str, given: Sequence[str], kind: Callable[[str], T], least: T | None = None
) -> dict[str, T]:
    """Values by name out of `NAME=VALUE`, which commas may separate.

    Raises OptionError for what is not one, a name that comes twice, and a value below `least`.
    """
    values: dict[str, T] = {}
    for text in (part for one in given for part in one.split(",") if part):
        name, separator, value = text.partition("=")
        try:
            number = kind(value)
        except ValueError:
            separator = ""
        if not separator or not name:
            raise OptionError(f"--{option} takes NAME=VALUE, such as {_EXAMPLES[option]}, not {text!r}")
        if name in values:
            raise OptionError(f"--{option}: {name!r} stands twice")
        if least is not None and number < least:
            raise OptionError(f"--{option}: {name!r} is {number}: it must be {least} or more")
        values[name] = number
    return values


_EXAMPLES = {"mesh": "data=8", "set": "learningRate=0.1", "size": "batch=64"}
