import type { ReactNode } from 'react';
import { Section } from '../../parts/section.tsx';
import classes from './facts.module.css';

interface FactsProps {
  readonly title: string;
  readonly facts: readonly { readonly name: string; readonly value: ReactNode }[];
}

/** Names and what they are, beside each other. */
export function Facts({ title, facts }: FactsProps) {
  return (
    <Section title={title}>
      <dl className={classes.facts}>
        {facts.map(({ name, value }) => (
          <div key={name} className={classes.fact}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
