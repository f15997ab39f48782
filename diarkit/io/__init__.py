"""Files: tables, audio, data directories, models. Knows no mathematics and no command line."""
