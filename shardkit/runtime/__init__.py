"""The interpreters of session scripts: they hold the connections and do what the Ops of flow ask for."""
