"""What a node knows without touching hardware: time arithmetic, MQTT, the lease, the guard, its configuration."""
