"""CSV and Parquet of any size as chunks of columns."""
