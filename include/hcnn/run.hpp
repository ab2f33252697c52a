// Umbrella header: run folders with config, history, checkpoints and report. Needs what hcnn/io.hpp needs.
#pragma once

#include "hcnn/run/checkpoint.hpp"
#include "hcnn/run/figures.hpp"
#include "hcnn/run/folder_lock.hpp"
#include "hcnn/run/history_file.hpp"
#include "hcnn/run/learning_rates.hpp"
#include "hcnn/run/report.hpp"
#include "hcnn/run/run_folder.hpp"
#include "hcnn/run/run_summary.hpp"
#include "hcnn/run/search_space.hpp"
#include "hcnn/run/snapshot_file.hpp"
#include "hcnn/run/steps_file.hpp"
#include "hcnn/run/successive_halving.hpp"
