"""What every front end uses: the open project, the open study, exam preparation."""
