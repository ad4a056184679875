"""What both centers share: problems, cursors, pages, settings, health; and the program that starts them."""
