"""Files: tables, audio, data directories, RTTM, model folders. No mathematics here."""
