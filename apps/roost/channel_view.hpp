#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "apps/roost/text_table.hpp"

/// The answers of GET /channels as tables. Pure but for the present time in ages.
namespace roost::cli {

/// One row per channel, after a heading.
std::vector<std::vector<table_cell>> channel_rows(const boost::json::object& list);

/// The names alone, one per line.
std::string channel_names(const boost::json::object& list);

/// One channel: how it is, who has set it by hand, totals, and the newest transitions.
std::string channel_page(const boost::json::object& channel, colour colours, std::size_t width);

} // namespace roost::cli
