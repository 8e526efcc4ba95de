"""What each study varies, draws and concludes: one module for each, named like its folder in studies/."""
