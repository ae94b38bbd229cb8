package dev.nacelle.apiserver.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HtmlLinksTest {

  private static String rewritten(String page) throws IOException {
    InputStream in = new ByteArrayInputStream(page.getBytes(UTF_8));
    return new String(
        new HtmlLinks(in, link -> link.startsWith("/") ? "/P" + link : link).readAllBytes(), UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "<a href=\"/x\">|<a href=\"/P/x\">",
        "<A HREF='/x'>|<A HREF='/P/x'>",
        "<a href=/x>|<a href=/P/x>",
        "<a class=b href = \"/x\" id=c>|<a class=b href = \"/P/x\" id=c>",
        "<a href=\"/x\"/>|<a href=\"/P/x\"/>",
        "<a title=\"a > b\" href=\"/x\">|<a title=\"a > b\" href=\"/P/x\">",
        "<a title=it's href=\"/x\">|<a title=it's href=\"/P/x\">",
        "<a download href=\"/x?a=1&amp;b=2\">|<a download href=\"/P/x?a=1&amp;b=2\">",
        "<img longdesc=\"/l\" src=\"/s\">|<img longdesc=\"/P/l\" src=\"/P/s\">",
        "<form action=\"/f\"><input src='/i'>|<form action=\"/P/f\"><input src='/P/i'>",
        "<script src=\"/s\">x</script><a href=\"/x\">|<script src=\"/P/s\">x</script><a href=\"/P/x\">",
        "1 < 2 <a href=\"/x\">|1 < 2 <a href=\"/P/x\">",
        "<!-- c --><a href=\"/x\">|<!-- c --><a href=\"/P/x\">",
        "<!-- c ---><a href=\"/x\">|<!-- c ---><a href=\"/P/x\">",
        "<!DOCTYPE html><link href='/c'>|<!DOCTYPE html><link href='/P/c'>",
      })
  void linksAreRewritten(String page, String expected) throws IOException {
    assertThat(rewritten(page)).isEqualTo(expected);
  }

  @Test
  void tagsMayHaveLineEnds() throws IOException {
    assertThat(rewritten("<a\nid=b\r\nhref\n=\n\"/x\"\n>"))
        .isEqualTo("<a\nid=b\r\nhref\n=\n\"/P/x\"\n>");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "plain text",
        "<p>no link</p>",
        "<a href=\"x\">",
        "<a data-href=\"/x\">",
        "<p href=\"/x\">",
        "<!-- <a href=\"/x\"> -->",
        "<script>document.write('<a href=\"/x\">')</script>",
        "<STYLE><a href=\"/x\"></Style>",
        "<textarea><a href=\"/x\"></textarea>",
        "<plaintext><a href=\"/x\">",
        "</a href=\"/x\">",
        "<? <a href=\"/x\"",
        "<a href=\"/x",
        "<",
        "<!",
        "<!-",
        "<a",
        "grüße <b>ö</b>"
      })
  void allElsePassesAsItIs(String page) throws IOException {
    assertThat(rewritten(page)).isEqualTo(page);
  }

  @Test
  void aTagWithoutEndIsNotHeldForEver() throws IOException {
    String page = "<a href=\"" + "/x".repeat(200_000);
    assertThat(rewritten(page)).isEqualTo(page);
  }

  @Test
  void noPageBreaksIt() throws IOException {
    String[] pieces = {
      "<a href=\"/x\"",
      ">",
      "<",
      "\"",
      "'",
      "=",
      " ",
      "<!--",
      "-->",
      "</script>",
      "<script>",
      "/",
      "<title>",
      "</title",
      "text",
      "<img src=",
      "\n",
      "é"
    };
    var random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      var page = new StringBuilder();
      for (int i = random.nextInt(30); i >= 0; i--) {
        page.append(pieces[random.nextInt(pieces.length)]);
      }
      InputStream in = new ByteArrayInputStream(page.toString().getBytes(UTF_8));
      String same = new String(new HtmlLinks(in, link -> link).readAllBytes(), UTF_8);
      assertThat(same).as("round %d", round).isEqualTo(page.toString());
    }
  }

  @Test
  void whatHasArrivedIsPassedOnBeforeTheRest() throws IOException {
    InputStream slow =
        new InputStream() {
          private int parts;

          @Override
          public int read() {
            throw new AssertionError("read by parts");
          }

          @Override
          public int read(byte[] target, int offset, int length) {
            parts++;
            assertThat(parts).as("only the first part is asked for").isEqualTo(1);
            byte[] part = "<p>first</p><a hr".getBytes(UTF_8);
            System.arraycopy(part, 0, target, offset, part.length);
            return part.length;
          }
        };
    var page = new HtmlLinks(slow, link -> link);
    assertThat(page.readNBytes(12)).asString(UTF_8).isEqualTo("<p>first</p>");
    assertThat(page.available()).isZero();
  }
}
