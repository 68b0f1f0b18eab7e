#pragma once

#include "actors/terminal/screen/cell.hpp"
#include "actors/terminal/screen/charset.hpp"
#include "actors/terminal/screen/csi_params.hpp"
#include "actors/terminal/screen/page.hpp"
#include "actors/terminal/screen/screen.hpp"
#include "actors/terminal/screen/vt_parser.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roost::terminal {

enum class mouse_tracking : std::uint8_t { none, x10, vt200, drag, any };
enum class mouse_encoding : std::uint8_t { standard, sgr, sgr_pixels };

/// The modes that programs set and a snapshot restores.
struct vt_modes {
  // Reset by DECSTR and RIS.
  bool insert = false;
  bool application_cursor_keys = false;
  bool application_keypad = false;
  bool bracketed_paste = false;
  bool origin = false;
  bool reverse_wrap = false;
  bool send_focus = false;
  bool synchronized = false;
  bool wrap = true;
  cursor_style style = cursor_style::unset;
  std::optional<bool> blink; ///< by DECSCUSR
  // Reset by RIS only.
  mouse_tracking tracking = mouse_tracking::none;
  mouse_encoding encoding = mouse_encoding::standard;
  bool utf8_mouse = false;  ///< 1005: xterm.js has not got it, other terminals have
  bool urxvt_mouse = false; ///< 1015: likewise
};

/// The hyperlinks that cells refer to by number.
class link_table {
public:
  struct link {
    std::string params;
    std::string uri;
  };
  /// Most bytes of links that are kept; past it, new links are ignored until others are gone.
  static constexpr std::size_t max_bytes = std::size_t{4} << 20;

  /// The number of a link, from 1; 0 when there is no room.
  std::uint32_t add(std::string_view params, std::string_view uri);
  [[nodiscard]] const link& get(std::uint32_t number) const { return links_[number - 1]; }
  [[nodiscard]] bool wants_sweep() const { return bytes_ > sweep_at_; }
  /// Frees the links that are not in `used`.
  void sweep(const std::vector<std::uint32_t>& used);
  [[nodiscard]] std::size_t memory_bytes() const { return bytes_ * 2; }

private:
  static std::string key_of(std::string_view params, std::string_view uri);

  std::vector<link> links_; ///< empty URI: free
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::size_t bytes_ = 0;
  std::size_t sweep_at_ = std::size_t{64} << 10;
};

/// The whole state of a screen, and the parser's sink that changes it. Only the files of this
/// folder look inside.
struct vt_state {
  explicit vt_state(const screen_config& config);
  vt_state(const vt_state&) = delete;
  vt_state& operator=(const vt_state&) = delete;

  // ---- state ----
  int cols;
  int rows;
  cell_tables tables;
  link_table links;
  page normal;
  page alt;
  bool alt_is_active = false;

  attributes pen; ///< attributes of what is printed next
  vt_modes modes;
  std::array<charset_id, 4> charsets{};
  int shift = 0;                      ///< which of them is in use
  charset_id charset = ascii_charset; ///< in use; DECRC can set it to none of the four
  unsigned join = 0; ///< width of the character just printed, which a combining one joins; else 0

  // Not reset by anything but their own sequences.
  bool cursor_visible = true;
  bool convert_eol = false;             ///< LNM
  std::optional<bool> blink_preference; ///< DECSET 12; unset: the viewer's own
  std::string title;
  std::string icon_title;
  bool title_is_set = false;
  bool icon_is_set = false;
  std::map<unsigned, std::uint32_t> palette; ///< changed colours; 256 and up: fore, back, cursor
  bool palette_was_changed = false;

  /// The kitty keyboard protocol's flags, for each screen, newest last. xterm.js 6.0 has not got
  /// it, other terminals have; queries of it are not answered.
  std::array<std::vector<unsigned>, 2> keyboard;

  vt_parser parser;
  std::uint64_t offset = 0; ///< of the first byte of the running call
  bool is_skipping = false;
  bool answers = false;
  std::string replies;
  std::vector<osc_event> events;
  std::uint64_t dropped_events = 0;

  // ---- sink ----
  void print_begin();
  void print_ascii(const char* text, std::size_t n);
  void print(char32_t code);
  void print_end();
  void execute(unsigned code);
  void esc(std::uint32_t ident);
  void csi(std::uint32_t ident, const csi_params& params);
  void osc(const std::string& payload);
  void dcs(std::uint32_t ident, const std::string& payload);
  void end_string() { join = 0; }

  // ---- helpers, in the files named for their subject ----
  [[nodiscard]] page& active() { return alt_is_active ? alt : normal; }
  [[nodiscard]] const page& active() const { return alt_is_active ? alt : normal; }
  [[nodiscard]] style_ref pen_style() {
    if (pen_is_stale)
      refresh_pen();
    return pen_ref;
  }
  [[nodiscard]] style_ref erase_style() {
    if (pen_is_stale)
      refresh_pen();
    return erase_ref;
  }
  void pen_changed() { pen_is_stale = true; }
  void resize(int new_cols, int new_rows);
  void reset();

  // The answers that a query gets while answering is on.
  void reply(std::string_view text);
  void note(osc_kind kind, std::string_view data);

private:
  style_ref pen_ref = 0;
  style_ref erase_ref = 0;
  bool pen_is_stale = false;
  std::size_t sweep_styles_at = 512;
  std::size_t sweep_clusters_at = 512;

  void refresh_pen();
  void sweep_tables();
  void sweep_links();

  void print_in_charset(char32_t code);
  void wrap_line(int first_filled_col);
  void draw(std::uint32_t ident, const csi_params& params);
  bool set_state(std::uint32_t ident, const csi_params& params);

  // Cursor movement and scrolling.
  void clamp_cursor(int max_col);
  void clamp_cursor() { clamp_cursor(cols - 1); }
  void move_to(int x, int y);
  void move_by(int dx, int dy);
  void cursor_up(int n);
  void cursor_down(int n);
  void line_feed();
  void index();
  void reverse_index();
  void backspace();
  void save_cursor();
  void restore_cursor();
  void set_margins(const csi_params& params);
  [[nodiscard]] bool is_in_margins() const;

  // Erasing and shifting.
  void erase_in_display(int what, line::protection keep);
  void erase_in_line(int what, line::protection keep);
  void erase_row(int y, line::protection keep);
  void insert_lines(int n);
  void delete_lines(int n);
  void shift_rows(int from_col, int n, bool to_right);
  void repeat_character(int n);
  void alignment_pattern();

  // Modes.
  void set_modes(const csi_params& params, bool on);
  void set_private_modes(const csi_params& params, bool on);
  void set_private_mode(int mode, bool on);
  void show_alt();
  void show_normal(bool restores_cursor);
  void soft_reset();
  void set_cursor_style(int style);
  void designate(int slot, charset_id set);
  void invoke(int slot);
  void report_mode(int mode, bool is_private);
  void report_status(int what, bool is_private);
  void change_keyboard(std::uint32_t ident, const csi_params& params);

  // SGR.
  void set_attributes(const csi_params& params);
  std::size_t set_extended_color(const csi_params& params, std::size_t at);
  void set_underline(std::uint32_t style);
  void reset_attributes();

  // OSC.
  void set_title(std::string_view text);
  void set_icon_title(std::string_view text);
  void set_link(std::string_view data);
  void change_palette(std::string_view data);
  void restore_palette(std::string_view data);
  void change_special_colors(unsigned first, std::string_view data);
  void reply_color(unsigned slot);
  void report_setting(const std::string& what);
};

} // namespace roost::terminal
