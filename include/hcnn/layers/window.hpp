// Extent2 for layers: see core/extent.hpp.
#pragma once

#include "hcnn/core/extent.hpp"
