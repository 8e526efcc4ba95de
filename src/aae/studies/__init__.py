"""Settings, figures and conclusions of studies: one module for each, named like its folder in studies/."""
