#!/bin/bash
# An array job: sbatch --array=1-100 configs/cluster/slurm.sh grid.yaml /shared/data
# Each task makes its part of the grid; a task that failed or was killed is simply submitted again.
#SBATCH --job-name=pymts
#SBATCH --cpus-per-task=1
#SBATCH --time=01:00:00
set -euo pipefail
grid=$1
store=$2
# The array may begin at any number and have any step.
part=$(((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN) / SLURM_ARRAY_TASK_STEP + 1))
exec pymts generate --config "$grid" --save --outdir "$store" --shard "$part/$SLURM_ARRAY_TASK_COUNT" \
  --jobs "${SLURM_CPUS_PER_TASK:-1}"
