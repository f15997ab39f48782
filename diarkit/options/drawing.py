"""Drawing who spoke when."""

from dataclasses import dataclass

from diarkit.options.tunables import tunable


@dataclass(frozen=True)
class PlotOptions:
    reference: str = tunable("", "Another way to name REF.", "RTTM file")
    format: str = tunable("auto", "What to draw; auto goes by the ending of OUT.",
                          choices=("auto", "text", "png", "svg", "pdf", "html"))
    recording: str = tunable("", "Draw this recording only.")
    width: int = tunable(0, "Width; 0 is that of the terminal, or 1400 pixels for pictures.", "columns or pixels")
    ascii: bool = tunable(False, "Use no characters but ASCII.")
    audio: str = tunable("", "Sound for the page: a file named like the recording, a folder of such, or a wav.scp.",
                         "FILE")
    link_audio: bool = tunable(False, "Let the page name the files of sound beside it, instead of holding them.")
    max_audio: float = tunable(50.0, "Refuse to put more sound than this into a page.", "MB")
