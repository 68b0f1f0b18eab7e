#include "actors/database/store/search_words.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <span>

namespace roost::database {
namespace {

std::string joined(std::string_view text) { return fts5_text(words_of(text)); }

search_query query(std::string_view typed) {
  auto parsed = search_query::parse(typed);
  EXPECT_TRUE(parsed) << parsed.error();
  return parsed ? *parsed : *search_query::parse("none");
}

std::string marked(const search_query& q, std::string_view text, std::size_t most = 240) {
  const auto shown = q.show(text, most);
  std::string out = shown.text;
  for (auto mark = shown.marks.rbegin(); mark != shown.marks.rend(); ++mark)
    out.insert(mark->begin + mark->size, "]").insert(mark->begin, "[");
  return out;
}

TEST(search_words_test, letters_and_digits_of_any_script_make_words) {
  EXPECT_EQ(joined("/usr/lib/libfoo.so.1: No such file"), "usr lib libfoo so 1 no such file");
  EXPECT_EQ(joined("\xc3\x89"
                   "cole \xce\x91\xce\xa9 \xd0\x96\xd0\x81 \xc5\xa0 \xd4\xb1"),
            "\xc3\xa9"
            "cole \xce\xb1\xcf\x89 \xd0\xb6\xd1\x91 \xc5\xa1 \xd5\xa1");
  EXPECT_EQ(joined("\xe2\x94\x82"
                   "a\xe2\x94\x82 \xe2\x86\x92 b\xf0\x9f\x98\x80"
                   "c"),
            "a b c")
      << "lines, arrows and emoji part words";
  EXPECT_EQ(joined("\xe4\xb8\x96\xe7\x95\x8c"), "\xe4\xb8\x96\xe7\x95\x8c");
  EXPECT_EQ(joined(" ... "), "");
  EXPECT_EQ(joined(std::string(300, 'x')), std::string(most_word_bytes, 'x'));
}

TEST(search_words_test, a_query_is_words_phrases_and_prefixes) {
  const auto q = query(R"(Foo "bar baz" pre* "a pre"* lib/foo.so x"y")");
  const std::vector<search_query::term> expected = {
      {{"foo"}, false},     {{"bar", "baz"}, false},       {{"pre"}, true},
      {{"a", "pre"}, true}, {{"lib", "foo", "so"}, false}, {{"x"}, false},
      {{"y"}, false}};
  EXPECT_EQ(q.terms(), expected);
  EXPECT_EQ(query("a \"b c\"*").fts5(), R"("a" AND "b c"*)");
  EXPECT_EQ(query("a \"b c\"*").tsquery(), "('a') & ('b' <-> 'c':*)");
}

TEST(search_words_test, the_syntax_of_databases_is_text_here) {
  EXPECT_EQ(query("a AND NOT b").terms().size(), 4U);
  EXPECT_EQ(query("NEAR(a b) body:x -c ^d").fts5(),
            R"("near a" AND "b" AND "body x" AND "c" AND "d")");
  EXPECT_EQ(query("x' | !y & (z):*").tsquery(), "('x') & ('y') & ('z':*)");
  EXPECT_EQ(query("\"never closed").terms(),
            (std::vector<search_query::term>{{{"never", "closed"}, false}}));
}

TEST(search_words_test, a_query_without_words_or_too_large_is_refused) {
  for (const auto& wrong :
       {std::string(), std::string("  \"\" * ()"), std::string(600, 'a'), std::string(210, 'a'),
        std::string("a b c d e f g h i j k l m n o p q")}) {
    const auto got = search_query::parse(wrong);
    ASSERT_FALSE(got) << wrong;
    EXPECT_FALSE(got.error().empty());
  }
}

TEST(search_words_test, nothing_that_is_typed_breaks_out_of_its_quotes) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  constexpr std::string_view odd = "'\"*\\:&|!()<-> aB1\xc3\xa9\xff\0";
  for (int i = 0; i < 5000; ++i) {
    std::string typed;
    for (auto n = random.between(0, 30); n > 0; --n)
      typed += odd[random.between(0, odd.size() - 1)];
    const auto got = search_query::parse(typed);
    if (!got)
      continue;
    for (const auto& term : got->terms())
      for (const auto& each : term.words)
        ASSERT_EQ(each.find_first_of("'\"*\\:&|!()<-> \xff"), std::string::npos) << typed;
  }
}

TEST(search_words_test, matches_are_marked) {
  EXPECT_EQ(marked(query("error"), "an Error, no errors: ERROR"), "an [Error], no errors: [ERROR]");
  EXPECT_EQ(marked(query("err* no"), "an Error, no errors"), "an [Error], [no] [errors]");
  EXPECT_EQ(marked(query("\"no such file\""), "no such: no  such\nfile"),
            "no such: [no  such\nfile]");
  EXPECT_EQ(marked(query("absent"), "text"), "text");
  EXPECT_EQ(marked(query("\xc3\xa9t\xc3\xa9"), "l'\xc3\x89T\xc3\x89!"), "l'[\xc3\x89T\xc3\x89]!");
}

TEST(search_words_test, a_long_text_is_shown_around_its_first_match) {
  std::string text;
  for (int i = 0; i < 1000; ++i)
    text += "word" + std::to_string(i) + " ";
  const auto shown = query("word500").show(text, 100);
  EXPECT_LE(shown.text.size(), 100U);
  ASSERT_EQ(shown.marks.size(), 1U);
  EXPECT_EQ(shown.text.substr(shown.marks[0].begin, shown.marks[0].size), "word500");
  EXPECT_TRUE(shown.text.starts_with("word4")) << shown.text;
}

TEST(search_words_test, positions_are_counted_from_one_and_bounded) {
  EXPECT_EQ(tsvector_text(words_of("b a B")), "'a':2 'b':1,3 ");
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += "x ";
  EXPECT_LT(tsvector_text(words_of(many)).size(), 1100U);
}

} // namespace
} // namespace roost::database
