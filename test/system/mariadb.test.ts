import { describeStreamedJob } from './streamed.ts';

describeStreamedJob('mariadb');
