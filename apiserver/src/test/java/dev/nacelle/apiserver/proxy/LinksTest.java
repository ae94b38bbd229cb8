package dev.nacelle.apiserver.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinksTest {
  private static final String PREFIX = "/api/v1/namespaces/n/services/web/proxy";
  private final Links links = new Links(PREFIX, "10.0.0.1:8080", "localhost:8001");

  @ParameterizedTest
  @CsvSource({
    "/a/b?x=1#y, PREFIX/a/b?x=1#y",
    "/, PREFIX/",
    "/a/, PREFIX/a/",
    "http://10.0.0.1:8080/a, PREFIX/a",
    "https://10.0.0.1:8080/a?b=c, PREFIX/a?b=c",
    "//10.0.0.1:8080/a, PREFIX/a",
    "http://localhost:8001/a, http://localhost:8001PREFIX/a",
    "PREFIX/a, PREFIX/a",
  })
  void linksToTheServerBehindLeadThroughTheProxy(String link, String expected) {
    assertThat(links.rewrite(link.replace("PREFIX", PREFIX)))
        .isEqualTo(expected.replace("PREFIX", PREFIX));
  }

  @ParameterizedTest
  @CsvSource({
    "http://example.com/a",
    "http://10.0.0.1/a",
    "a/b",
    "?x=/y",
    "#top",
    "mailto:a@b",
    "javascript:/x/",
    "data:/x"
  })
  void otherLinksStayAsTheyAre(String link) {
    assertThat(links.rewrite(link)).isEqualTo(link);
  }
}
