"""Files of one dataset: save and load Parquet and CSV, and map a Parquet file's values."""

from pymts.store.files import load_parquet as load_parquet
from pymts.store.files import open_values as open_values
from pymts.store.files import save_csv as save_csv
from pymts.store.files import save_parquet as save_parquet
