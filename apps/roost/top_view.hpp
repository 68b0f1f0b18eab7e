#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include <boost/json/array.hpp>

#include "apps/roost/text_table.hpp"

/// What `roost top` shows of the server's list. Pure.
namespace roost::cli {

/// The sessions that still run, the one that takes the most CPU first; what the server does not
/// know about comes last, and equals stay in the server's order.
boost::json::array busiest_first(const boost::json::array& sessions);

/// The table for `sessions` (of `busiest_first`), at most `rows` of them and the rest as a number;
/// `rows` 0: no limit. `width` as in `render_table`, `now` as in `state_cell`.
std::string top_table(const boost::json::array& sessions, colour colours, std::size_t width,
                      std::size_t rows, std::chrono::system_clock::time_point now);

/// "3 sessions, 14 processes, CPU 103.2%, 1.2 GiB": the sums.
std::string top_summary(const boost::json::array& sessions);

/// "512 B", "3.4 MiB", "120 GiB".
std::string memory_text(double bytes);

/// The end of `path` that fits `columns`, marked with "…": the end says more than the start.
std::string cut_start_to_width(std::string_view path, std::size_t columns);

} // namespace roost::cli
