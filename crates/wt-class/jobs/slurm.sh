#!/usr/bin/env bash
# A Slurm array: every task grades one part of the class.
#
#   sbatch --array=1-4 crates/wt-class/jobs/slurm.sh SUBMISSIONS LESSON OUT
#
# SUBMISSIONS and OUT are folders that all nodes share. Submit it in the course's folder. Every node needs bubblewrap and rustup's
# toolchain. When all tasks are done:
#
#   cargo xtask grade merge --lesson LESSON --out OUT
#
# A task that was cut off goes on where it stopped when it is submitted again.
#SBATCH --job-name=grade
#SBATCH --cpus-per-task=2
#SBATCH --mem=8G
#SBATCH --output=grade-%a.log
set -euo pipefail
submissions=$1 lesson=$2 out=$3
# Each node builds for itself: two at once in one target folder would wait for each other.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${SLURM_TMPDIR:-/tmp}/wt-$SLURM_ARRAY_JOB_ID-$SLURM_ARRAY_TASK_ID}
cargo xtask grade "$submissions" --lesson "$lesson" --out "$out" --shard auto --jobs "${SLURM_CPUS_PER_TASK:-2}"
