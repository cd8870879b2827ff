import io
import unittest

from sinter_xla.progress import Bar, scalars_text


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ProgressTest(unittest.TestCase):
    def test_a_terminal_has_a_bar_that_is_taken_away(self) -> None:
        terminal = Terminal()
        bar = Bar(terminal)
        bar.update("epoch 1/2", 3, 4, "loss=0.5")
        self.assertEqual(terminal.getvalue(), f"\r\x1b[2Kepoch 1/2 {'━' * 30}{'─' * 10} 3/4 loss=0.5")
        bar.clear()
        bar.clear()
        self.assertTrue(terminal.getvalue().endswith("loss=0.5\r\x1b[2K"))

    def test_what_is_no_terminal_has_none(self) -> None:
        stream = io.StringIO()
        bar = Bar(stream)
        bar.update("epoch 1", 1, 2, "")
        bar.clear()
        self.assertEqual(stream.getvalue(), "")

    def test_nine_digits_say_which_float_it_is(self) -> None:
        self.assertEqual(scalars_text({"loss": 0.1234567890123, "hits": 12}, 9), "loss=0.123456789 hits=12")
