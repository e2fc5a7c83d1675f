import { Facts, type Fact } from './facts.tsx';
import { Section } from './section.tsx';

/** A part of a page that only tells. */
export function FactsSection({ title, facts }: { readonly title: string; readonly facts: readonly Fact[] }) {
  return (
    <Section title={title}>
      <Facts facts={facts} />
    </Section>
  );
}
