"""The demo: gateway and emulator side by side, and a tour of what the gateway does."""
