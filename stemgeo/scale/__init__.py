"""Beyond one machine: units of work on Dask workers, and files that machines share."""
