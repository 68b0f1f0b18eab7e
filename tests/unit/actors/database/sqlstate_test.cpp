#include "actors/database/sqlstate.hpp"

#include <gtest/gtest.h>

namespace roost::database {
namespace {

TEST(sqlstate, what_passes_is_tried_again_soon) {
  for (const auto* state : {"", "08006", "57P01", "57P03", "53300", "55P03", "40001", "40P01",
                            "25P03", "57P05", "57014", "25006", "53100"})
    EXPECT_EQ(classify(state), trouble::transient) << state;
}

TEST(sqlstate, what_only_an_operator_can_mend_is_tried_slowly) {
  for (const auto* state : {"28P01", "28000", "3D000", "42501"})
    EXPECT_EQ(classify(state), trouble::operator_needed) << state;
}

TEST(sqlstate, what_is_wrong_stays_wrong) {
  for (const auto* state : {"42601", "42P01", "23505", "22P02", "XX000"})
    EXPECT_EQ(classify(state), trouble::permanent) << state;
}

} // namespace
} // namespace roost::database
