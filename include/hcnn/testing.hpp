// Umbrella header: helpers for testing layers and losses, yours too.
#pragma once

#include "hcnn/testing/gradient_check.hpp"
#include "hcnn/testing/gradient_report.hpp"
#include "hcnn/testing/loss_check.hpp"
