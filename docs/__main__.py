"""`python -m docs`: writes the generated pages and names those that changed."""

from __future__ import annotations

from docs.pages import write

if __name__ == "__main__":
    for path in write():
        print(f"wrote {path.name}")
