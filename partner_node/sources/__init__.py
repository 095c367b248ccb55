"""The partner's own files as streams of frames of text: delimited text, workbooks, Parquet, and a script's frame."""
