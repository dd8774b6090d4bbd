"""Real servers: `make test-distributed` installs them and runs these tests."""
