package dev.nacelle.testkit.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What depends on what. The poms refuse the most of it; this says the rest. */
class ArchitectureTest {
  private static final String ROOT = "dev.nacelle.";

  /**
   * The floors, lowest first. A room uses rooms of lower floors, and none of its own. The schemas
   * are made at build time and are no floor.
   */
  private static final List<List<String>> FLOORS =
      List.of(
          List.of("base"),
          List.of("kernel", "api"),
          List.of("store", "image", "runtime", "network"),
          List.of("apiserver", "controllers", "scheduler", "node", "dns", "cli"),
          List.of("app"));

  /**
   * The packages that a room shows to others. A room that is not named shows all of its packages:
   * there it is the classes that are package-private.
   */
  private static final Map<String, List<String>> SHOWN =
      Map.of(
          "scheduler", List.of(""),
          "controllers", List.of(""),
          "dns", List.of(""),
          "cli", List.of(""),
          "store", List.of("", ".rocks"),
          "image", List.of("", ".distribution", ".peer", ".registry"),
          "node", List.of("", ".endpoint", ".proxy"));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.nacelle");

  private static DescribedPredicate<JavaClass> room(String name) {
    return resideInAPackage(ROOT + name + "..");
  }

  @Test
  void theRoomsThatAreCheckedAreThere() {
    Set<String> found = new TreeSet<>();
    CLASSES.forEach(c -> found.add(c.getPackageName().split("\\.")[2]));
    for (List<String> floor : FLOORS) {
      assertThat(found).containsAll(floor);
    }
    assertThat(found)
        .as("every module is on a floor, or beside them")
        .isSubsetOf(
            FLOORS.stream()
                .flatMap(List::stream)
                .collect(
                    () -> new TreeSet<>(Set.of("schemas", "testbed", "testkit", "bench")),
                    Set::add,
                    Set::addAll));
  }

  @Test
  void aRoomUsesLowerFloorsOnly() {
    var below = new ArrayList<String>();
    for (List<String> floor : FLOORS) {
      for (String room : floor) {
        List<String> allowed = new ArrayList<>(below);
        allowed.add(room);
        String[] packages = allowed.stream().map(r -> ROOT + r + "..").toArray(String[]::new);
        classes()
            .that(room(room))
            .should(
                onlyDependOnClassesThat(
                    resideInAnyPackage(packages)
                        .or(DescribedPredicate.not(resideInAPackage("dev.nacelle..")))))
            .check(CLASSES);
      }
      below.addAll(floor);
    }
  }

  @Test
  void aRoomIsEnteredThroughThePackagesThatItShows() {
    new LinkedHashMap<>(SHOWN)
        .forEach(
            (room, packages) -> {
              DescribedPredicate<JavaClass> inside =
                  room(room)
                      .and(
                          DescribedPredicate.not(
                              resideInAnyPackage(
                                  packages.stream()
                                      .map(p -> ROOT + room + p)
                                      .toArray(String[]::new))));
              noClasses()
                  .that()
                  .resideOutsideOfPackages(ROOT + room + "..", ROOT + "testkit..", ROOT + "bench..")
                  .should()
                  .dependOnClassesThat(inside)
                  .check(CLASSES);
            });
  }

  @Test
  void foreignMemoryIsTheKernelRoomsAlone() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ROOT + "kernel..", ROOT + "testkit..", ROOT + "bench..")
        .should()
        .dependOnClassesThat(resideInAPackage("java.lang.foreign.."))
        .because("native calls live in kernel, each with its errno and its man page")
        .check(CLASSES);
  }

  @Test
  void theLogIsOne() {
    noClasses()
        .should()
        .dependOnClassesThat(resideInAPackage("java.util.logging.."))
        .check(CLASSES);
  }

  @Test
  void classesAreNamedByWhatTheyAre() {
    noClasses()
        .should()
        .haveNameMatching(
            ".*[.$]([A-Za-z0-9]*(Manager|Helper|Util|Utils|Impl)|Base[A-Z][A-Za-z0-9]*)")
        .check(CLASSES);
  }

  @Test
  void fieldsOfPublicClassesAreNotWrittenFromOutside() {
    Set<String> writable = new TreeSet<>();
    for (JavaClass c : CLASSES) {
      boolean options = c.getPackageName().equals(ROOT + "cli");
      if (!c.getModifiers().contains(JavaModifier.PUBLIC) || options) {
        continue; // the options of the command line are filled by its library
      }
      c.getFields().stream()
          .filter(f -> f.getModifiers().contains(JavaModifier.PUBLIC))
          .filter(f -> !f.getModifiers().contains(JavaModifier.FINAL))
          .forEach(f -> writable.add(f.getFullName()));
    }
    assertThat(writable).isEmpty();
  }
}
