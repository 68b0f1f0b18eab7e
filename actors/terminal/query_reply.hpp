#pragma once

#include <cstdint>
#include <string_view>

namespace roost::terminal {

/// Who made a piece of input.
enum class input_origin : std::uint8_t {
  person,  ///< keys, pasted text, mouse reports, or anything that is not wholly understood
  terminal ///< nothing but answers to queries and focus reports, which terminals send by themselves
};

/// Tells whether `input` consists solely of sequences that a viewer's terminal sends by itself. The
/// server drops such input from a viewer that does not hold the terminal (else a program would get
/// one answer per viewer, and the late ones would be typed into the shell), and does not count it
/// as typing. Recognised, in their 7-bit forms:
///  - CSI: DA1 `?..c`, DA2 `>..c`, DSR `..n` and `?..n`, CPR `r;cR` and `?r;cR`, DECRPM `..$y`,
///  kitty
///    keyboard flags `?..u`, XTQMODKEYS `>..m`, DECREPTPARM `2;..x` `3;..x`, window reports
///    `1 2 3 4 6 8 9 48;..t`, focus `I` and `O`;
///  - DCS: DECRPSS `0$r 1$r`, XTGETTCAP `0+r 1+r`, XTVERSION `>|`, DA3 `!|`, DECRQCRA `n!~`,
///    DECPSR `n$u`; OSC: colours 4, 5, 10-19, clipboard 52, titles `l L`; APC: kitty graphics `G`.
/// `CSI 1;[2-8]R` is left to the person: it is F3 with a modifier as well as a cursor report, and
/// losing a key is worse than a stray report. Incomplete sequences are the person's too. Pure; one
/// pass, no allocation.
[[nodiscard]] input_origin origin_of(std::string_view input);

} // namespace roost::terminal
