"""`python -m shardkit`: the command line."""

from shardkit.cli import main

if __name__ == "__main__":
    main(prog_name="shardkit")
