import type { UseFormReturnType } from '@mantine/form';
import type { ProblemError } from '../client/problem-error.ts';

/** For a mutation's `onError`: the form's fields say what the API found wrong with each. */
export function showProblems<T extends object>(form: UseFormReturnType<T>): (error: ProblemError) => void {
  return ({ errors }) => form.setErrors(Object.fromEntries(errors.map(({ path, message }) => [path, message])));
}
