import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../commands.ts';
import { createLogFile } from './cache.ts';

interface MavenArtifact {
  readonly cacheDir: string;
  /** Its `jars/` gets the artifact and what that needs at run time. */
  readonly directory: string;
  /** "group:artifact" */
  readonly artifact: string;
  readonly version: string;
}

/** Fetches jars from Maven Central; Maven checks its sums (-C). */
export async function fetchByMaven({ cacheDir, directory, artifact, version }: MavenArtifact): Promise<void> {
  const [groupId = '', artifactId = ''] = artifact.split(':');
  const logFile = await createLogFile(cacheDir, artifactId);
  await writeFile(join(directory, 'pom.xml'), pom(groupId, artifactId, version));
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const args = ['--batch-mode', '-C', goal, '-DoutputDirectory=jars', '-DincludeScope=runtime'];
  await runCommand('mvn', args, { cwd: directory, logFile });
}

function pom(groupId: string, artifactId: string, version: string): string {
  return `<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tidemark</groupId><artifactId>fetch</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>${groupId}</groupId><artifactId>${artifactId}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
}
