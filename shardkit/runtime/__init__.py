"""The interpreters of session scripts: they hold the connections and do what the Ops of flow.py ask for."""
