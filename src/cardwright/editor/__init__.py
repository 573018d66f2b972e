"""What editors are told while somebody writes cards, over the Language Server Protocol."""
