package dev.nacelle.kernel.mount;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class MountTableTest {
  private static final String TEXT =
      """
      22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
      40 22 0:35 / /a\\040b\\134c rw,nosuid - tmpfs tmpfs rw,size=1k
      41 22 0:36 /sub /data/x rw master:1 propagate_from:2 - overlay overlay rw,lowerdir=/l
      42 22 0:37 / /data/x ro - erofs /img ro
      garbage
      """;

  private final MountTable table = MountTable.parse(TEXT);

  @Test
  void linesWithAnyNumberOfOptionalFieldsAreRead() {
    assertThat(table.entries()).hasSize(4);
    MountTable.Entry overlay = table.entries().get(2);
    assertThat(overlay.id()).isEqualTo(41);
    assertThat(overlay.parentId()).isEqualTo(22);
    assertThat(overlay.root()).isEqualTo("/sub");
    assertThat(overlay.type()).isEqualTo("overlay");
    assertThat(overlay.superOptions()).isEqualTo("rw,lowerdir=/l");
  }

  @Test
  void escapedCharactersAreRestored() {
    assertThat(table.at(Path.of("/a b\\c"))).isPresent();
  }

  @Test
  void theLastMountAtAPlaceIsOnTop() {
    assertThat(table.at(Path.of("/data/x"))).map(MountTable.Entry::type).contains("erofs");
    assertThat(table.below(Path.of("/data"))).hasSize(2);
  }

  @Test
  void theTableOfThisProcessHasARoot() {
    assertThat(MountTable.read().at(Path.of("/"))).isPresent();
  }
}
