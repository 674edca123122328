"""Stage processes: started, asked, watched and ended, as many at once as the machine can take."""
