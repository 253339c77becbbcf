"""Files of weights that come from elsewhere: a table with source, hash and licence, and fetching them."""
