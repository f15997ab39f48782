"""Who spoke when in the files of other programs: one module a format, and the record that all of them read and write.

records holds the record, formats the table of the formats. Each format has `read(path, reco)`, which yields records,
and `write(out, records)`, which takes an open text stream; what a format cannot hold is said in its module.
"""
