"""How blocks and transactions spread between nodes; knows neither plans nor actors."""
