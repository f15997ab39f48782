"""Colours of all drawings, told apart with any kind of colour vision."""

# Okabe and Ito, 2008, with a darker yellow; then again from the start.
SPEAKERS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a900", "#7f7f7f")

# Beside a reference colour is left to what is wrong; order as timeline.KINDS. On white, and on near black.
ERRORS = ("#0072b2", "#e69f00", "#96175a")
ERRORS_DARK = ("#56acff", "#f7d060", "#d9438f")
REFERENCE, HYPOTHESIS = "#9aa4ae", "#5d6b78"
