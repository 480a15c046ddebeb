"""How Connex is put into production: the proxy, and what makes the secrets of docker-compose.yml."""
